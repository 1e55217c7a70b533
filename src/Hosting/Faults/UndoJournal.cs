using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Platform.Faults.Processes;

namespace Platform.Faults;

/// <summary>A fault as it is written down before it is injected.</summary>
/// <param name="Id">Opaque.</param>
/// <param name="Resource">Where it lives.</param>
/// <param name="Name">Of the fault.</param>
/// <param name="Title">Of the fault.</param>
/// <param name="Scope">What it is limited to; empty where there is nothing to choose.</param>
/// <param name="Instance">The instance that was named; null for the first.</param>
/// <param name="Strength">Null where there is none to choose.</param>
/// <param name="StartedAt">When it was injected.</param>
/// <param name="EndsAt">When it is undone at the latest.</param>
/// <param name="ByHand">By a person, so that it is marked on charts.</param>
/// <param name="Owner">Process id of the AppHost and its start, so that a later one knows whether it still runs.</param>
/// <param name="Undo">In this order.</param>
public sealed record InjectedFault(
    string Id,
    string Resource,
    string Name,
    string Title,
    string Scope,
    string? Instance,
    double? Strength,
    DateTimeOffset StartedAt,
    DateTimeOffset EndsAt,
    bool ByHand,
    string Owner,
    IReadOnlyList<UndoStep> Undo
);

/// <summary>
/// A file for each fault that is on, written and flushed before the fault is injected and deleted after it was undone. Readable by this
/// user alone: undoing may need keys. Bounded by the number of faults.
/// </summary>
internal sealed class UndoJournal(string folder)
{
    public static string ThisProcess { get; } = OwnerOf(Environment.ProcessId)!;

    public void Write(InjectedFault fault)
    {
        CreateFolder();
        var draft = PathOf(fault.Id) + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(draft, options))
        {
            JsonSerializer.Serialize(file, fault);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, PathOf(fault.Id), overwrite: true);
    }

    public void Remove(string id) => File.Delete(PathOf(id));

    /// <summary>What an AppHost that runs no more left injected, and the files that cannot be read.</summary>
    public (IReadOnlyList<InjectedFault> Faults, IReadOnlyList<string> Unreadable) LeftBehind()
    {
        var (faults, unreadable) = (new List<InjectedFault>(), new List<string>());
        foreach (var file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.json") : [])
        {
            if (Read(file) is not { } fault)
            {
                unreadable.Add(file);
            }
            else if (!IsRunning(fault.Owner))
            {
                faults.Add(fault);
            }
        }

        return (faults, unreadable);
    }

    private static InjectedFault? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<InjectedFault>(File.ReadAllBytes(file));
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or IOException or UnauthorizedAccessException)
        {
            // Of another version, of another user, or damaged: the caller says so by the file's name.
            return null;
        }
    }

    private static bool IsRunning(string owner) =>
        int.TryParse(owner.Split('@')[0], CultureInfo.InvariantCulture, out var processId) && OwnerOf(processId) == owner;

    // Ids of processes are given again; the start tells them apart. On Linux Process.StartTime would not do: it is computed from the clock,
    // and two processes disagree about it. Null when there is no such process.
    private static string? OwnerOf(int processId)
    {
        if (OperatingSystem.IsLinux())
        {
            return Signals.StartTicksOf(processId) is { } start ? $"{processId}@{start}" : null;
        }

        try
        {
            using var process = Process.GetProcessById(processId);
            return $"{processId}@{process.StartTime.ToUniversalTime():O}";
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private string PathOf(string id) => Path.Combine(folder, $"{id}.json");
}
