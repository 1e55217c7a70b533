using Sentry.Protocol;

public static class SentryExceptionExtensions
{
    /// <summary>Says how an exception was caught, before it is captured.</summary>
    public static void SetSentryMechanism(this Exception ex, string type, string? description = null, bool? handled = null, bool? terminal = null)
    {
        ex.Data[Mechanism.MechanismKey] = type;
        ex.Data[Mechanism.DescriptionKey] = description;
        ex.Data[Mechanism.HandledKey] = handled;
        ex.Data[Mechanism.TerminalKey] = terminal;
    }
}
