using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.UserSecrets;

namespace Aspire.Hosting
{
    /// <summary>The AppHost's user secrets, where generated passwords are kept.</summary>
    public interface IUserSecretsManager
    {
        bool IsAvailable { get; }

        string FilePath { get; }

        bool TrySetSecret(string name, string value);

        void GetOrSetSecret(IConfigurationManager configuration, string name, Func<string> valueGenerator);
    }
}

namespace Aspire.Hosting.Resolve
{
    internal sealed class UserSecretsManager(Assembly? appHost) : IUserSecretsManager
    {
        private static readonly Lock FileLock = new();
        private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

        private readonly string? _id = appHost?.GetCustomAttribute<UserSecretsIdAttribute>()?.UserSecretsId;

        public bool IsAvailable => _id is not null;

        public string FilePath => _id is null ? "" : PathHelper.GetSecretsPathFromSecretsId(_id);

        public bool TrySetSecret(string name, string value)
        {
            if (!IsAvailable)
            {
                return false;
            }

            lock (FileLock)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
                var secrets = File.Exists(FilePath) ? JsonNode.Parse(File.ReadAllText(FilePath))!.AsObject() : [];
                secrets[name] = value;

                // Written beside and moved: another AppHost of the same project may be reading.
                var temporary = $"{FilePath}.{Environment.ProcessId}";
                using (var file = new FileStream(temporary, new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }))
                {
                    JsonSerializer.Serialize(file, secrets, Indented);
                }

                File.Move(temporary, FilePath, overwrite: true);
                return true;
            }
        }

        public void GetOrSetSecret(IConfigurationManager configuration, string name, Func<string> valueGenerator)
        {
            if (configuration[name] is { Length: > 0 })
            {
                return;
            }

            var value = valueGenerator();
            TrySetSecret(name, value);
            configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>(name, value)]);
        }
    }
}
