using System.Text.Json;

namespace Platform.Faults;

/// <summary>A JSON object of strings that other processes read. Replaced as a whole: nobody reads half a file.</summary>
public sealed class JsonFile(string path)
{
    // One for all files: changes are rare, and two objects may have the same path.
    private static readonly Lock Gate = new();

    public string Path => path;

    public string? this[string key]
    {
        get
        {
            lock (Gate)
            {
                return Read().GetValueOrDefault(key);
            }
        }
    }

    /// <summary>Null removes the key.</summary>
    public void Set(string key, string? value)
    {
        lock (Gate)
        {
            var values = Read();
            if (value is null)
            {
                values.Remove(key);
            }
            else
            {
                values[key] = value;
            }

            File.WriteAllBytes($"{path}.new", JsonSerializer.SerializeToUtf8Bytes(values));
            File.Move($"{path}.new", path, overwrite: true);
        }
    }

    private Dictionary<string, string> Read() =>
        File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(path))! : [];
}
