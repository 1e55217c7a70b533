using Microsoft.Playwright;

namespace Platform.Tests.Support;

/// <summary>One Chromium for the tests that look at pages.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Find() is { } executable)
        {
            Assertions.SetDefaultExpectTimeout((float)Eventually.DefaultTimeout.TotalMilliseconds);
            _playwright = await Playwright.CreateAsync().WaitAsync(PlatformFixture.StateTimeout);
            _browser = await _playwright.Chromium.LaunchAsync(
                new BrowserTypeLaunchOptions { ExecutablePath = executable, Args = ["--no-sandbox"] }
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>A window of its own on Observatory, signed in by the address that the AppHost prints.</summary>
    public async Task<IPage> OpenAsync(PlatformFixture platform, ColorScheme theme = ColorScheme.Light, int width = 1280)
    {
        var page = await OpenAsync(platform.Telemetry.Http.BaseAddress!, theme, width);
        await page.GotoAsync(platform.Telemetry.LoginAddress);
        return page;
    }

    /// <summary>
    /// A window of its own on Aspire's dashboard, signed in by the address that Aspire prints. Nothing is signed in to Observatory.
    /// </summary>
    public async Task<IPage> OpenAspireAsync(PlatformFixture platform)
    {
        var page = await OpenAsync(platform.Dashboard.BaseAddress!, ColorScheme.Light, width: 1500);
        await page.GotoAsync(platform.Telemetry.LoginAddress);
        return page;
    }

    private async Task<IPage> OpenAsync(Uri address, ColorScheme theme, int width)
    {
        if (_browser is null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("PLATFORM_REQUIRE_DEPS") == "1", "Chromium is not installed.");
            Assert.Fail("Chromium is not installed, and PLATFORM_REQUIRE_DEPS=1.");
        }

        var context = await _browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                BaseURL = address.ToString(),
                ColorScheme = theme,
                ViewportSize = new ViewportSize { Width = width, Height = 900 },
            }
        );
        return await context.NewPageAsync();
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
}
