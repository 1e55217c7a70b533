using Platform.Observatory.Query;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Overview;

/// <summary>Progress of the orders placed in a window; an order is one trace, and its steps are events of its logs.</summary>
internal static class OrderFunnel
{
    private const double Scale = 52;
    private const double Base = 56;

    // A payment that is undecided for this long is stuck.
    private static readonly TimeSpan Stuck = TimeSpan.FromMinutes(1);

    /// <summary>Null when no order was placed.</summary>
    public static Funnel? Of(IEnumerable<StoredLog> logs, Window window)
    {
        var placed = new Dictionary<UInt128, ulong>();
        HashSet<UInt128> paid = [],
            declined = [],
            fulfilled = [];

        foreach (var log in logs)
        {
            // Most lines are other events and are not parsed.
            if (log.TraceId == UInt128.Zero || log.Time < window.From || log.Payload.AsSpan().IndexOf("order."u8) < 0)
            {
                continue;
            }

            if (log.Time <= window.To && EventNames.Has(log, "order.placed"))
            {
                placed.TryAdd(log.TraceId, log.Time);
            }

            AddIf(paid, log, "order.paid");
            AddIf(declined, log, "order.declined");
            AddIf(fulfilled, log, "order.fulfilled");
        }

        if (placed.Count == 0)
        {
            return null;
        }

        paid.IntersectWith(placed.Keys);
        declined.IntersectWith(placed.Keys);
        fulfilled.IntersectWith(paid);
        var waiting = placed
            .Where(order => !paid.Contains(order.Key) && !declined.Contains(order.Key))
            .Select(order => order.Value)
            .ToList();
        return View(placed.Count, waiting, paid.Count, declined.Count, fulfilled.Count, window);
    }

    private static Funnel View(int placed, List<ulong> waiting, int paid, int declined, int fulfilled, Window window)
    {
        var age = waiting.Count == 0 ? TimeSpan.Zero : TimeSpan.FromTicks((long)((window.To - Math.Min(window.To, waiting.Min())) / 100));
        var seconds = (window.To - window.From) / 1e9;
        return new Funnel(
            Format.Count(placed),
            Format.Rate(placed / seconds),
            Format.Count(waiting.Count),
            waiting.Count == 0 ? "none waiting" : $"the oldest for {Format.Duration(Math.Round(age.TotalSeconds) * 1e9)}",
            age > Stuck,
            Format.Count(paid),
            $"{Format.Count(declined)} declined, {Format.Percent(declined / (double)placed)}",
            Format.Count(fulfilled),
            paid == fulfilled ? "none to go" : $"{Format.Count(paid - fulfilled)} to go",
            $"Of {Format.Count(placed)} orders placed, {Format.Count(paid)} are paid, {Format.Count(declined)} declined "
                + $"and {Format.Count(waiting.Count)} wait for payment; {Format.Count(fulfilled)} are fulfilled",
            Flow(placed, paid, fulfilled),
            Ribbon(252, 497, waiting.Count, placed),
            Ribbon(502, 747, declined, placed)
        );
    }

    // The ribbon over the four columns of 250: all, all, the paid, the fulfilled.
    private static string Flow(int placed, int paid, int fulfilled)
    {
        var (third, fourth) = (Y(paid / (double)placed), Y(fulfilled / (double)placed));
        var second = Format.Number(Base);
        return $"M0 4H1000V{fourth}H760C750 {fourth} 750 {third} 740 {third}H510C500 {third} 500 {second} 490 {second}H0Z";
    }

    private static string Ribbon(int from, int to, int count, int placed) =>
        count == 0 ? "" : $"M{from} {Y(1 - (count / (double)placed))}H{to}V60H{from}Z";

    private static string Y(double share) => Format.Number(Base - Scale + (share * Scale));

    private static void AddIf(HashSet<UInt128> traces, StoredLog log, string name)
    {
        if (EventNames.Has(log, name))
        {
            traces.Add(log.TraceId);
        }
    }
}
