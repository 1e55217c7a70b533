using System.Globalization;

namespace Platform.Bench;

/// <summary>Reads <c>--name number</c> pairs into the options of a benchmark.</summary>
internal static class Arguments
{
    private const int Largest = 100_000;

    /// <param name="args">The command line.</param>
    /// <param name="defaults">The options without arguments.</param>
    /// <param name="with">Returns the options with the number, which is 1 or more; null for an unknown name or an invalid number.</param>
    /// <param name="error">The error message, when the result is null.</param>
    public static T? Read<T>(string[] args, T defaults, Func<T, string, int, T?> with, out string error)
        where T : class
    {
        var options = defaults;
        error = "";
        for (var index = 0; index < args.Length; index += 2)
        {
            if (
                index + 1 == args.Length
                || !int.TryParse(args[index + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number is 0 or > Largest
                || with(options, args[index], number) is not { } changed
            )
            {
                error = $"{args[index]} is not understood.";
                return null;
            }

            options = changed;
        }

        return options;
    }
}
