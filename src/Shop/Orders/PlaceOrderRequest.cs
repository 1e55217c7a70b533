using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Platform.Orders;

/// <summary>
/// The body of POST /api/orders. Formats as ***: it holds a card. Public, because validation is generated for public types only.
/// </summary>
public sealed record PlaceOrderRequest(
    [property: Required, MinLength(1), MaxLength(50)] IReadOnlyList<PlaceOrderLine> Lines,
    [property: Required] PlaceOrderCard Card
) : IValidatableObject
{
    public override string ToString() => "***";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // Attributes validate the members of a line, not a null line.
        for (var i = 0; i < Lines.Count; i++)
        {
            if (Lines[i] is null)
            {
                yield return new ValidationResult("A line must not be null.", [$"{nameof(Lines)}[{i}]"]);
            }
        }
    }
}

public sealed record PlaceOrderLine(
    [property: Required, RegularExpression("[a-z0-9-]{1,40}")] string Sku,
    [property: Range(1, 1000)] int Quantity
);

public sealed record PlaceOrderCard(
    [property: Required, StringLength(19, MinimumLength = 12), RegularExpression("[0-9]+"), CreditCard] string Number,
    [property: Required, RegularExpression("(0[1-9]|1[0-2])/[0-9]{2}")] string Expiry,
    [property: Required, RegularExpression("[0-9]{3,4}")] string Cvc
) : IValidatableObject
{
    public override string ToString() => "***";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // A card is valid through the last day of its month.
        var time = validationContext.GetService(typeof(TimeProvider)) as TimeProvider ?? TimeProvider.System;
        if (
            DateTime.TryParseExact($"01/{Expiry}", "dd/MM/yy", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month)
            && month.AddMonths(1) <= time.GetUtcNow().UtcDateTime
        )
        {
            yield return new ValidationResult("The card has expired.", [nameof(Expiry)]);
        }
    }
}
