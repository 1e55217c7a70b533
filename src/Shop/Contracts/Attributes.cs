namespace Platform.Contracts;

/// <summary>Names of span attributes and log fields that more than one service uses.</summary>
public static class Attributes
{
    public const string OrderId = "platform.order.id";
    public const string PaymentId = "platform.payment.id";

    /// <summary>How a piece of work ended, e.g. "captured" or "duplicate".</summary>
    public const string Outcome = "platform.outcome";

    /// <summary>Why it was refused or abandoned, e.g. "out_of_stock".</summary>
    public const string Reason = "platform.reason";
}
