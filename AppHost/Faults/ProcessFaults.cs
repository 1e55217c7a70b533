using Platform.Faults;
using Platform.Faults.Processes;

namespace Platform.AppHost.Faults;

/// <summary>What breaks the process of a service, whichever it is.</summary>
internal static class ProcessFaults
{
    public static IEnumerable<Fault> Of(string service, IDistributedApplicationBuilder builder)
    {
        var usersFeel = service switch
        {
            "gateway" => "Nothing works.",
            "orders" => "Orders can be neither placed nor read.",
            "payments" => "Orders are accepted, and paid late.",
            _ => "Orders are paid, and fulfilled late.",
        };
        var settings = builder.SettingsFileOf(service);
        yield return new ProcessFrozen(service, usersFeel);
        yield return new ProcessKilled(service, usersFeel);
        yield return new SettingFault(
            service,
            settings,
            new(
                "cpu-hog",
                "CPU hog",
                "TopSpeed",
                "Everything on this machine is slower.",
                "process.cpu.time of one service rises to the processors there are, and all its spans are longer; no "
                    + "dependency is slower for others."
            ),
            new("Threads", "1", 1, 64, 8),
            ["Switches:x-31"],
            SettingFault.Number
        );
        yield return new SettingFault(
            service,
            settings,
            new(
                "threads-starved",
                "Thread pool starved",
                "ThreadDismiss",
                usersFeel,
                "dotnet.thread_pool.queue.length and the thread count rise while the CPU is idle; spans have gaps before their first child."
            ),
            new("Blocking calls per second", "1/s", 10, 2_000, 500),
            ["Switches:x-32"],
            SettingFault.Number
        );
        yield return new SettingFault(
            service,
            settings,
            new(
                "memory-leak",
                "Memory leak",
                "Memory",
                "Nothing until the memory ends.",
                "dotnet.process.memory.working_set and the heap after a collection rise steadily, and fall only with a restart."
            ),
            new("Rate", "MB/min", 1, 1_024, 120),
            ["Switches:x-33"],
            SettingFault.Number
        );
        yield return new SettingFault(
            service,
            settings,
            new(
                "clock-off",
                "Clock off",
                "ClockAlarm",
                service == "payments" ? "Nothing at first: webhooks are refused." : "Sessions and deadlines end at the wrong time.",
                "Spans and log lines have the right time and what the code decides by the time is wrong: payments refuses "
                    + "signed webhooks with 401."
            ),
            new("Minutes", "min", -60, 60, 7),
            ["Switches:x-34"],
            SettingFault.Number
        );
        yield return new SettingFault(
            service,
            settings,
            new(
                "log-debug",
                "Log level debug",
                "DocumentText",
                "Nothing, or a little latency.",
                "Log lines of the service multiply, by levels that nobody asked for; everything else is as before."
            ),
            null,
            [
                "Logging:LogLevel:Npgsql.Command",
                "Logging:LogLevel:Npgsql.Connection",
                "Logging:LogLevel:Microsoft.AspNetCore.Hosting",
                "Logging:LogLevel:Microsoft.AspNetCore.Routing",
                "Logging:LogLevel:Yarp.ReverseProxy.Forwarder",
            ],
            _ => "Debug"
        );
    }
}
