namespace Platform.Observability.Tests;

/// <summary>Alertmanager's configuration: valid, and each alert goes where it should.</summary>
public sealed class AlertmanagerTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "observability", "alertmanager");

    [Fact]
    public async Task Configuration_OfTheFolder_IsValid()
    {
        var (code, output) = await Tool.RunAsync(Folder, "amtool", "check-config", "alertmanager.yml");

        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task Configuration_WithAReceiverThatIsNot_IsRefusedWithItsName()
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.yml");
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, "alertmanager.yml"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            file,
            text.Replace("receiver: pager", "receiver: nobody", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        try
        {
            var (code, output) = await Tool.RunAsync(Folder, "amtool", "check-config", file);

            Assert.NotEqual(0, code);
            Assert.Contains("nobody", output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Critical wakes somebody, a warning goes to whose it is, what is only to be seen goes to nobody.</summary>
    [Fact]
    public async Task Routes_OfEachAlert_LeadToItsReceiver()
    {
        foreach (var alert in AlertRules.Alerts)
        {
            var expected = alert.Labels["severity"] switch
            {
                "critical" => "pager",
                "warning" => alert.Labels["team"],
                _ => "observatory",
            };
            var (code, output) = await Tool.RunAsync(
                Folder,
                "amtool",
                [
                    "config",
                    "routes",
                    "test",
                    "--config.file=alertmanager.yml",
                    $"--verify.receivers={expected}",
                    $"alertname={alert.Alert}",
                    .. alert.Labels.Select(label => $"{label.Key}={label.Value}"),
                ]
            );

            Assert.True(code == 0, $"{alert}: {output}");
        }
    }

    [Fact]
    public async Task Inhibitions_OfTheConfiguration_NameAlertsThatThereAre()
    {
        var names = AlertRules.Alerts.Select(alert => alert.Alert!).ToList();
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, "alertmanager.yml"), TestContext.Current.CancellationToken);
        foreach (var matcher in text.Split("alertname =").Skip(1).Select(part => part.Split('"')[1]))
        {
            Assert.All(
                matcher.Split('|'),
                name => Assert.Contains(names, known => System.Text.RegularExpressions.Regex.IsMatch(known, $"^(?:{name})$"))
            );
        }
    }
}
