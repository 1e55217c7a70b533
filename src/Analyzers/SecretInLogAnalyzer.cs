using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Platform.Analyzers;

/// <summary>
/// A log statement must not name a secret: neither as a placeholder of its template, nor as a parameter or an argument, since both
/// become fields of the log record.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SecretInLogAnalyzer : DiagnosticAnalyzer
{
    private const string Secret = "(password|passwd|secret|token|api_?key|authorization|cookie|card_?number|cvc|cvv|e_?mail)";

    private static readonly DiagnosticDescriptor Rule = new(
        "PLATFORM001",
        "A log statement names a secret",
        "A log statement names a secret: '{0}'. Log an id instead.",
        "Security",
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly Regex LogMethod = new("^(Log(Trace|Debug|Information|Warning|Error|Critical)?|BeginScope|Define|DefineScope)$");
    private static readonly Regex SecretName = new(Secret, RegexOptions.IgnoreCase);
    private static readonly Regex SecretPlaceholder = new($@"\{{@?(\w*{Secret}\w*)[}},:]", RegexOptions.IgnoreCase);

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rule];

    public override void Initialize(AnalysisContext context)
    {
        // A method with [LoggerMessage] counts as generated code, because its other half is.
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterSyntaxNodeAction(CheckLoggerMessage, SyntaxKind.MethodDeclaration);
        context.RegisterSyntaxNodeAction(CheckCall, SyntaxKind.InvocationExpression);
    }

    private static void CheckLoggerMessage(SyntaxNodeAnalysisContext context)
    {
        var method = (MethodDeclarationSyntax)context.Node;
        var attribute = method
            .AttributeLists.SelectMany(list => list.Attributes)
            .FirstOrDefault(candidate => LastName(candidate.Name) is "LoggerMessage" or "LoggerMessageAttribute");
        if (attribute is null)
        {
            return;
        }

        foreach (var argument in attribute.ArgumentList?.Arguments ?? [])
        {
            CheckTemplate(context, argument.Expression);
        }

        foreach (var parameter in method.ParameterList.Parameters)
        {
            CheckName(context, parameter, parameter.Identifier.Text);
        }
    }

    private static void CheckCall(SyntaxNodeAnalysisContext context)
    {
        var call = (InvocationExpressionSyntax)context.Node;
        var name = call.Expression switch
        {
            MemberAccessExpressionSyntax member => member.Name.Identifier.Text,
            MemberBindingExpressionSyntax member => member.Name.Identifier.Text,
            _ => "",
        };

        // Math.Log takes any number.
        if (!LogMethod.IsMatch(name) || call.Expression is MemberAccessExpressionSyntax { Expression: var of } && LastName(of) == "Math")
        {
            return;
        }

        foreach (var argument in call.ArgumentList.Arguments)
        {
            CheckTemplate(context, argument.Expression);

            if (context.SemanticModel.GetTypeInfo(argument.Expression).Type?.Name != nameof(CancellationToken))
            {
                CheckName(context, argument, LastName(argument.Expression));
            }
        }
    }

    // A text that is put together of constants counts too, and so do the holes of an interpolated one.
    private static void CheckTemplate(SyntaxNodeAnalysisContext context, ExpressionSyntax expression)
    {
        if (context.SemanticModel.GetConstantValue(expression).Value is string text)
        {
            foreach (Match placeholder in SecretPlaceholder.Matches(text))
            {
                Report(context, expression, placeholder.Groups[1].Value);
            }
        }
        else if (expression is InterpolatedStringExpressionSyntax interpolated)
        {
            foreach (var hole in interpolated.Contents.OfType<InterpolationSyntax>())
            {
                CheckName(context, hole, hole.Expression.ToString().Replace(".", ""));
            }
        }
    }

    // What the expression is about: the user's e-mail is also in user?.Email, user.Email!, email ?? "" and email.Trim().
    private static string LastName(ExpressionSyntax expression) =>
        expression switch
        {
            ConditionalAccessExpressionSyntax conditional => LastName(conditional.WhenNotNull),
            MemberBindingExpressionSyntax member => member.Name.Identifier.Text,
            PostfixUnaryExpressionSyntax postfix => LastName(postfix.Operand),
            ParenthesizedExpressionSyntax inner => LastName(inner.Expression),
            CastExpressionSyntax cast => LastName(cast.Expression),
            BinaryExpressionSyntax { RawKind: (int)SyntaxKind.CoalesceExpression } either => LastName(either.Left),
            InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member } => LastName(member.Expression),
            SimpleNameSyntax simple => simple.Identifier.Text,
            QualifiedNameSyntax qualified => qualified.Right.Identifier.Text,
            MemberAccessExpressionSyntax member => member.Name.Identifier.Text,
            _ => "",
        };

    private static void CheckName(SyntaxNodeAnalysisContext context, SyntaxNode node, string name)
    {
        if (SecretName.IsMatch(name))
        {
            Report(context, node, name);
        }
    }

    private static void Report(SyntaxNodeAnalysisContext context, SyntaxNode node, string name) =>
        context.ReportDiagnostic(Diagnostic.Create(Rule, node.GetLocation(), name));
}
