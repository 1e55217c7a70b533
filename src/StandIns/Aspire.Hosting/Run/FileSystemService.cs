namespace Aspire.Hosting
{
    public interface IFileSystemService
    {
        ITempFileSystemService TempDirectory { get; }
    }

    public interface ITempFileSystemService
    {
        /// <summary>A folder that exists as long as the application.</summary>
        TempDirectory CreateTempSubdirectory(string? prefix = null);
    }

    public abstract class TempDirectory : IDisposable
    {
        public abstract string Path { get; }

        public abstract void Dispose();
    }
}

namespace Aspire.Hosting.Run
{
    internal sealed class FileSystemService(RunFolder runFolder) : IFileSystemService, ITempFileSystemService
    {
        public ITempFileSystemService TempDirectory => this;

        public TempDirectory CreateTempSubdirectory(string? prefix = null)
        {
            var path = Path.Combine(runFolder.Path, $"{prefix ?? "aspire"}-{Guid.NewGuid().ToString("N")[..8]}");
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new RunTempDirectory(path);
        }

        private sealed class RunTempDirectory(string path) : TempDirectory
        {
            public override string Path => path;

            public override void Dispose()
            {
                if (Directory.Exists(path))
                {
                    Directory.Delete(path, recursive: true);
                }
            }
        }
    }
}
