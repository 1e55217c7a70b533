using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Access;

/// <summary>
/// Where the keys of cookies and form tokens are: in the data directory, so that users stay signed in across restarts, and the keys are as
/// readable as the history beside them; without a data directory, or where it cannot be written, in memory.
/// </summary>
internal sealed partial class CookieKeys(IOptions<ObservatoryOptions> options, ILogger<CookieKeys> logger, ILoggerFactory loggers)
    : IConfigureOptions<KeyManagementOptions>
{
    public void Configure(KeyManagementOptions keys) =>
        keys.XmlRepository =
            options.Value.DataDirectory is { Length: > 0 } directory && WritableFolder(directory) is { } folder
                ? new FileSystemXmlRepository(folder, loggers)
                : new MemoryRepository();

    private DirectoryInfo? WritableFolder(string directory)
    {
        try
        {
            var folder = Directory.CreateDirectory(Path.Combine(directory, "cookie-keys"));
            using var probe = new FileStream(
                Path.Combine(folder.FullName, Path.GetRandomFileName()),
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                bufferSize: 1,
                FileOptions.DeleteOnClose
            );
            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Pages work without it; users sign in again after a restart.
            LogNotKept(directory, exception.Message);
            return null;
        }
    }

    [LoggerMessage(
        EventId = 5031,
        Level = LogLevel.Warning,
        Message = "Keys of cookies cannot be written to {Directory}, and go with this process: {Reason}"
    )]
    private partial void LogNotKept(string directory, string reason);

    // Bounded by the keys of one process: one in 90 days.
    private sealed class MemoryRepository : IXmlRepository
    {
        private readonly List<XElement> _keys = [];

        public IReadOnlyCollection<XElement> GetAllElements()
        {
            lock (_keys)
            {
                return [.. _keys];
            }
        }

        public void StoreElement(XElement element, string friendlyName)
        {
            lock (_keys)
            {
                _keys.Add(element);
            }
        }
    }
}
