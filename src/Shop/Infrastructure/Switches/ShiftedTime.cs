namespace Platform.Infrastructure.Switches;

/// <summary>The system's time, off by as many minutes as x-34 says.</summary>
internal sealed class ShiftedTime(Switches switches) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddMinutes(switches.Amount("x-34"));
}
