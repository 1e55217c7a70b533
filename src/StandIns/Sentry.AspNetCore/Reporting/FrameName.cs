using System.Reflection;

namespace Sentry.Reporting;

/// <summary>The names that a person wrote, for the methods that the compiler made of them.</summary>
internal static class FrameName
{
    public const string Lambda = "<lambda>";

    /// <summary><c>Platform.Payments.Charge+&lt;ChargeAsync&gt;d__12.MoveNext</c> is (Platform.Payments.Charge, ChargeAsync).</summary>
    public static (string? Module, string Function) Of(MethodBase method)
    {
        var name = method.Name;
        var type = method.DeclaringType;
        while (type is not null && type.Name.StartsWith('<'))
        {
            // A state machine is named for its method; a closure (<>c__DisplayClass3_0) is not.
            if (name == "MoveNext" && !type.Name.StartsWith("<>", StringComparison.Ordinal))
            {
                name = type.Name;
            }

            type = type.DeclaringType;
        }

        if (type is { IsConstructedGenericType: true })
        {
            type = type.GetGenericTypeDefinition();
        }

        return (type?.FullName, Readable(name));
    }

    // <Outer>b__0_1 a lambda, <Outer>g__Inner|0_1 a local function, <Outer>d__3 a state machine, <Main>$ the top-level program.
    // They nest: <<Outer>b__0_1>d is an async lambda. The compiler's numbers go: they change with every edit.
    private static string Readable(string name)
    {
        if (!name.StartsWith('<'))
        {
            return name;
        }

        var end = ClosingBracket(name);
        if (end <= 1)
        {
            return name;
        }

        var outer = Readable(name[1..end]);
        var suffix = name[(end + 1)..];
        if (suffix.StartsWith("b__", StringComparison.Ordinal))
        {
            return $"{outer}.{Lambda}";
        }

        return suffix.StartsWith("g__", StringComparison.Ordinal) ? $"{outer}.{suffix[3..].Split('|')[0]}" : outer;
    }

    private static int ClosingBracket(string name)
    {
        var depth = 0;
        for (var i = 0; i < name.Length; i++)
        {
            depth += name[i] switch { '<' => 1, '>' => -1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }
        }

        return -1;
    }
}
