using Platform.Objectives;

// Writes Prometheus' rules of the objectives. Arguments: the file of objectives and the file of rules; those of this repository by default.
var objectives = args.ElementAtOrDefault(0) ?? "observability/objectives/objectives.yml";
var rules = args.ElementAtOrDefault(1) ?? "observability/prometheus/rules/objectives.yml";
try
{
    await File.WriteAllTextAsync(
        rules,
        ObjectiveRules.Write(ObjectiveFile.Read(objectives, await File.ReadAllTextAsync(objectives)).Objectives)
    );
    return 0;
}
catch (Exception exception) when (exception is FormatException or IOException)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
