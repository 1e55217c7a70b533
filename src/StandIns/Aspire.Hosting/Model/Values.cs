namespace Aspire.Hosting.ApplicationModel;

/// <summary>Something whose text is known when a process starts.</summary>
public interface IValueProvider
{
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);

    ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) => GetValueAsync(cancellationToken);
}

public class ValueProviderContext
{
    public DistributedApplicationExecutionContext? ExecutionContext { get; init; }

    public IResource? Caller { get; init; }

    /// <summary>The process the value is for.</summary>
    internal InstanceAnnotation? Instance { get; init; }
}

public interface IManifestExpressionProvider
{
    string ValueExpression { get; }
}

public interface IExpressionValue : IValueProvider, IManifestExpressionProvider;

/// <summary>A value made of other values. Followed to find out what a resource refers to.</summary>
public interface IValueWithReferences
{
    IEnumerable<object> References { get; }
}
