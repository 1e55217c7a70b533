using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Model;

public sealed class AppHostKeyTests
{
    [Fact]
    public void Keys_NothingSaid_AreDifferentHexInEveryRun()
    {
        string[] keys = ["AppHost:BrowserToken", "AppHost:OtlpApiKey", "AppHost:DashboardApiKey", "AppHost:ResourceService:ApiKey"];
        var (one, two) = (AppModel.Create(), AppModel.Create());

        Assert.All(keys, key => Assert.Matches("^[0-9a-f]{32}$", one.Configuration[key]));
        Assert.Equal(2 * keys.Length, keys.SelectMany(key => new[] { one.Configuration[key], two.Configuration[key] }).Distinct().Count());
    }

    [Fact]
    public void BrowserToken_Given_IsKept() =>
        Assert.Equal("t1", AppModel.Create("DASHBOARD_FRONTEND_BROWSERTOKEN=t1").Configuration["AppHost:BrowserToken"]);

    [Fact]
    public void Keys_AnonymousAllowed_DoNotExist()
    {
        var configuration = AppModel.Create("DASHBOARD_UNSECURED_ALLOW_ANONYMOUS=true").Configuration;

        Assert.Null(configuration["AppHost:BrowserToken"]);
        Assert.Null(configuration["AppHost:OtlpApiKey"]);
        Assert.Null(configuration["AppHost:DashboardApiKey"]);
    }

    [Fact]
    public void Place_AppHost_IsKnown()
    {
        var configuration = AppModel.Create().Configuration;

        Assert.Equal(AppContext.BaseDirectory, configuration["AppHost:Directory"]);
        Assert.Equal(Path.Combine(AppContext.BaseDirectory, "Aspire.Hosting.Tests.csproj"), configuration["AppHost:FilePath"]);
        Assert.Equal("Aspire.Hosting.Tests", configuration["AppHost:DashboardApplicationName"]);
        Assert.Matches("^[0-9A-F]{64}$", configuration["AppHost:Sha256"]);
    }
}
