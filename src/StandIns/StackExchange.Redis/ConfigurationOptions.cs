using System.Globalization;
using Microsoft.Extensions.Logging;

namespace StackExchange.Redis;

/// <summary>Where Redis is and how to talk to it; as text "localhost:6379,password=...,abortConnect=false".</summary>
public sealed class ConfigurationOptions
{
    private int? _asyncTimeout;

    /// <summary>The server; this client takes exactly one.</summary>
    public EndPointCollection EndPoints { get; init; } = [];

    /// <summary>The user of the ACL; none means the default user.</summary>
    public string? User { get; set; }

    /// <summary>The password; none means no AUTH.</summary>
    public string? Password { get; set; }

    /// <summary>Whether connecting fails when the server is not there, instead of going on in the background.</summary>
    public bool AbortOnConnectFail { get; set; } = true;

    /// <summary>Milliseconds until a connection attempt, handshake included, has failed.</summary>
    public int ConnectTimeout { get; set; } = 5000;

    /// <summary>Milliseconds; the default of <see cref="AsyncTimeout"/>.</summary>
    public int SyncTimeout { get; set; } = 5000;

    /// <summary>Milliseconds until a command has timed out.</summary>
    public int AsyncTimeout
    {
        get => _asyncTimeout ?? SyncTimeout;
        set => _asyncTimeout = value;
    }

    /// <summary>What CLIENT LIST shows for this client.</summary>
    public string? ClientName { get; set; }

    /// <summary>The database that is used; 0 when it is not set.</summary>
    public int? DefaultDatabase { get; set; }

    /// <summary>TLS, which only the real package has.</summary>
    public bool Ssl { get; set; }

    /// <summary>Where lost and restored connections are logged.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Reads the text form; an unknown or unsupported key is an error.</summary>
    public static ConfigurationOptions Parse(string configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = new ConfigurationOptions();
        foreach (var part in configuration.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // "localhost:6379" is an endpoint, "password=a=b" is a setting.
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                options.EndPoints.Add(part);
            }
            else
            {
                options.Set(part[..equals].TrimEnd(), part[(equals + 1)..].TrimStart());
            }
        }

        return options;
    }

    /// <summary>A copy that later changes do not reach.</summary>
    public ConfigurationOptions Clone()
    {
        var endPoints = new EndPointCollection();
        foreach (var endPoint in EndPoints)
        {
            endPoints.Add(endPoint);
        }

        return new ConfigurationOptions
        {
            EndPoints = endPoints,
            User = User,
            Password = Password,
            AbortOnConnectFail = AbortOnConnectFail,
            ConnectTimeout = ConnectTimeout,
            SyncTimeout = SyncTimeout,
            _asyncTimeout = _asyncTimeout,
            ClientName = ClientName,
            DefaultDatabase = DefaultDatabase,
            Ssl = Ssl,
            LoggerFactory = LoggerFactory,
        };
    }

    /// <summary>The text form with the password in it.</summary>
    public override string ToString() => ToString(includePassword: true);

    /// <summary>The text form.</summary>
    public string ToString(bool includePassword)
    {
        var parts = EndPoints.Select(EndPointCollection.Format).ToList();
        Append("name", ClientName);
        Append("syncTimeout", SyncTimeout);
        Append("asyncTimeout", _asyncTimeout);
        Append("connectTimeout", ConnectTimeout);
        Append("user", User);
        Append("password", Password is null || includePassword ? Password : "*****");
        Append("abortConnect", AbortOnConnectFail);
        Append("ssl", Ssl);
        Append("defaultDatabase", DefaultDatabase);
        return string.Join(',', parts);

        void Append(string key, object? value)
        {
            if (value is not null)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{key}={value}"));
            }
        }
    }

    private void Set(string key, string value)
    {
        switch (key.ToUpperInvariant())
        {
            case "ABORTCONNECT":
                AbortOnConnectFail = ToBoolean(key, value);
                break;
            case "ASYNCTIMEOUT":
                AsyncTimeout = ToInteger(key, value);
                break;
            case "CONNECTTIMEOUT":
                ConnectTimeout = ToInteger(key, value);
                break;
            case "DEFAULTDATABASE":
                DefaultDatabase = ToInteger(key, value);
                break;
            case "NAME":
                ClientName = value;
                break;
            case "PASSWORD":
                Password = value;
                break;
            case "SSL":
                Ssl = ToBoolean(key, value);
                break;
            case "SYNCTIMEOUT":
                SyncTimeout = ToInteger(key, value);
                break;
            case "USER":
                User = value;
                break;
            default:
                throw new ArgumentException($"The keyword '{key}' is not supported by the stand-in for StackExchange.Redis.");
        }
    }

    // Neither names the value: a misplaced comma can put a piece of the password there.
    private static int ToInteger(string key, string value)
        => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ArgumentException($"The keyword '{key}' needs an integer.");

    private static bool ToBoolean(string key, string value)
        => bool.TryParse(value, out var flag) ? flag : throw new ArgumentException($"The keyword '{key}' needs true or false.");
}
