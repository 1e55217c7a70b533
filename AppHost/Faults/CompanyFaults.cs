using Platform.Faults;

namespace Platform.AppHost.Faults;

/// <summary>How the outside companies behave badly: by their own admin API, behind their key.</summary>
internal static class CompanyFaults
{
    private static readonly Strength Share = new("Share of requests", "%", 1, 100, 100);

    public static IEnumerable<Fault> OfAny(string company, string usersFeel)
    {
        yield return new CompanyFault(
            company,
            new(
                "slow",
                "Slow",
                "Timer",
                usersFeel,
                "The client span takes the time; nothing fails, and our own work is as fast as before."
            ),
            new("Latency", "ms", 100, 60_000, 3_000),
            strength => new { latencyMs = (int)strength }
        );
        yield return new CompanyFault(
            company,
            new(
                "failing",
                "Failing",
                "ErrorCircle",
                usersFeel,
                "Calls end with 503, the breaker opens, and the service says what it cannot reach."
            ),
            Share,
            strength => new { errorRate = strength / 100 }
        );
        yield return new CompanyFault(
            company,
            new(
                "timing-out",
                "Timing out",
                "ClockDismiss",
                usersFeel,
                "Client spans end at our own time-out with no status code; what was asked for may have been done."
            ),
            Share,
            strength => new { timeoutRate = strength / 100 }
        );
        yield return new CompanyFault(
            company,
            new(
                "stalling",
                "Stalling",
                "ArrowSync",
                usersFeel,
                "Headers and half a body arrive, then nothing: client spans end at our time-out although a status 200 or 201 was seen."
            ),
            Share,
            strength => new { stallRate = strength / 100 }
        );
        yield return new CompanyFault(
            company,
            new(
                "garbage",
                "Garbage",
                "DocumentError",
                usersFeel,
                "Client spans are 200 and look well, and the work that reads them fails: unreadable answers, tried again and again."
            ),
            Share,
            strength => new { garbageRate = strength / 100 }
        );
        yield return new CompanyUnreachable(company, usersFeel);
        yield return new CompanyFault(
            company,
            new(
                "rate-limited",
                "Rate-limited",
                "TopSpeed",
                usersFeel,
                "Some calls end with 429 and Retry-After; the more is asked, the larger the share."
            ),
            new("Requests per second", "1/s", 1, 1_000, 1),
            strength => new { limitPerSecond = (int)strength, retryAfterSeconds = 5 }
        );
        yield return new CompanyFault(
            company,
            new("key-rotated", "Key rotated", "Key", usersFeel, "Every call ends with 401 from one moment on, quickly."),
            null,
            _ => new { key = "revoked" }
        );
        yield return new CompanyFault(
            company,
            new(
                "token-expired",
                "Token expired",
                "KeyReset",
                usersFeel,
                "Every call ends with 401 and WWW-Authenticate: invalid_token, quickly."
            ),
            null,
            _ => new { key = "expired" }
        );
    }

    public static IEnumerable<Fault> OfAcquirer()
    {
        const string Company = "acquirer";
        yield return new CompanyFault(
            Company,
            new(
                "declining",
                "Declining",
                "PaymentOff",
                "Orders are declined although the cards are good.",
                "Calls end with 402; orders are decided quickly, and as declined. No error anywhere."
            ),
            Share,
            strength => new { declineRate = strength / 100 }
        );
        yield return new CompanyFault(
            Company,
            new(
                "webhook-repeated",
                "Webhook repeated",
                "ArrowRepeatAll",
                "Nothing, as long as the inbox drops repeats.",
                "POST /webhooks/acquirer several times for one platform.event.id; captures are as many as orders."
            ),
            new("Deliveries of each event", "1", 2, 10, 3),
            strength => new { webhookCopies = (int)strength }
        );
        yield return new CompanyFault(
            Company,
            new(
                "webhook-wrongly-signed",
                "Webhook wrongly signed",
                "Signature",
                "Nothing at first: payments asks by itself. Refunds of late captures wait.",
                "POST /webhooks/acquirer ends with 401, and the company tries again and gives up."
            ),
            null,
            _ => new { webhooksMissigned = true }
        );
        yield return new CompanyFault(
            Company,
            new(
                "webhook-late",
                "Webhook late and out of order",
                "CalendarClock",
                "Nothing, as long as a webhook decides nothing.",
                "POST /webhooks/acquirer comes long after the order's trace has ended; later events overtake earlier ones."
            ),
            new("At most", "s", 1, 600, 60),
            strength => new { webhookDelayMs = (int)(strength * 100), webhookJitterMs = (int)(strength * 900) }
        );
    }
}
