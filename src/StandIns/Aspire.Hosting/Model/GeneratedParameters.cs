using System.Security.Cryptography;
using Aspire.Hosting.Publishing;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A random password.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    private const string LowerLetters = "abcdefghjkmnpqrstuvwxyz";
    private const string UpperLetters = "ABCDEFGHJKMNPQRSTUVWXYZ";
    private const string Digits = "0123456789";
    private const string Specials = "-_.{}~()*+!";

    public int MinLength { get; set; }

    public bool Lower { get; set; } = true;

    public bool Upper { get; set; } = true;

    public bool Numeric { get; set; } = true;

    public bool Special { get; set; } = true;

    public int MinLower { get; set; }

    public int MinUpper { get; set; }

    public int MinNumeric { get; set; }

    public int MinSpecial { get; set; }

    public override string GetDefaultValue()
    {
        var characters = new List<char>();
        var all = "";
        Take(Lower, LowerLetters, MinLower);
        Take(Upper, UpperLetters, MinUpper);
        Take(Numeric, Digits, MinNumeric);
        Take(Special, Specials, MinSpecial);
        if (all.Length == 0)
        {
            throw new InvalidOperationException("A generated parameter needs at least one kind of character.");
        }

        characters.AddRange(RandomNumberGenerator.GetItems<char>(all, Math.Max(0, MinLength - characters.Count)));
        var result = characters.ToArray();
        RandomNumberGenerator.Shuffle(result.AsSpan());
        return new string(result);

        void Take(bool use, string from, int least)
        {
            if (use)
            {
                all += from;
                characters.AddRange(RandomNumberGenerator.GetItems<char>(from, least));
            }
        }
    }

    public override void WriteToManifest(ManifestPublishingContext context) =>
        throw new NotSupportedException("Publishing needs the package Aspire.Hosting: run with StandIns=false.");
}

/// <summary>Keeps what another default generated in the AppHost's user secrets, so that it is the same in the next run.</summary>
internal sealed class PersistedParameterDefault(IUserSecretsManager secrets, string parameterName, ParameterDefault inner) : ParameterDefault
{
    public override string GetDefaultValue()
    {
        var value = inner.GetDefaultValue();
        secrets.TrySetSecret($"Parameters:{parameterName}", value);
        return value;
    }

    public override void WriteToManifest(ManifestPublishingContext context) => inner.WriteToManifest(context);
}
