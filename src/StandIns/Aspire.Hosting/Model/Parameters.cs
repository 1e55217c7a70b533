using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Publishing;

namespace Aspire.Hosting.Publishing
{
    /// <summary>Writes a deployment manifest. Only here so that a <see cref="ParameterDefault"/> can be written against the real package.</summary>
    public sealed class ManifestPublishingContext
    {
        private ManifestPublishingContext()
        {
        }
    }
}

namespace Aspire.Hosting
{
    /// <summary>A parameter has no value.</summary>
    public class MissingParameterValueException(string message) : DistributedApplicationException(message);
}

namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>The value of a parameter that has none in the configuration.</summary>
    public abstract class ParameterDefault
    {
        public abstract string GetDefaultValue();

        public abstract void WriteToManifest(ManifestPublishingContext context);
    }

    /// <summary>A configuration value of the AppHost that resources refer to; possibly a secret.</summary>
    public class ParameterResource : Resource, IResourceWithoutLifetime, IExpressionValue
    {
        private readonly Lazy<string> _value;

        public ParameterResource(string name, Func<ParameterDefault?, string> callback, bool secret = false) : base(name)
        {
            _value = new Lazy<string>(() => callback(Default));
            Secret = secret;
        }

        public ParameterDefault? Default { get; set; }

        public bool Secret { get; }

        public string? Description { get; set; }

        public string Value => _value.Value;

        public string ValueExpression => $"{{{Name}.value}}";

        internal string? ConfigurationKey { get; init; }

        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => ValueTask.FromResult<string?>(Value);
    }
}
