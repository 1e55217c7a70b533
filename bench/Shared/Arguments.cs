using System.Globalization;

namespace Platform.Bench;

/// <summary>Reads <c>--name number</c> pairs into the options of a benchmark.</summary>
internal static class Arguments
{
    private const int Largest = 100_000;

    /// <param name="args">What the program was started with.</param>
    /// <param name="defaults">What holds where nothing is said.</param>
    /// <param name="with">The options with that number, from 1; null for a name or a number that they do not know.</param>
    /// <param name="error">What was not understood, when the result is null.</param>
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
