using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

public static class ParameterResourceBuilderExtensions
{
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, [ResourceName] string name, bool secret = false) =>
        builder.AddResource(Configured(builder, name, $"Parameters:{name}", secret));

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string value, bool publishValueAsDefault = false, bool secret = false) =>
        builder.AddParameter(name, () => value, publishValueAsDefault, secret);

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, Func<string> valueGetter, bool publishValueAsDefault = false, bool secret = false)
    {
        if (publishValueAsDefault && secret)
        {
            throw new ArgumentException("A parameter cannot be both secret and published as a default value.", nameof(secret));
        }

        return builder.AddResource(new ParameterResource(name, _ => valueGetter(), secret));
    }

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, ParameterDefault value, bool secret = false, bool persist = false)
    {
        var parameter = Configured(builder, name, $"Parameters:{name}", secret);
        parameter.Default = persist && builder.UserSecretsManager.IsAvailable ? new PersistedParameterDefault(builder.UserSecretsManager, name, value) : value;
        return builder.AddResource(parameter);
    }

    public static IResourceBuilder<ParameterResource> AddParameterFromConfiguration(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string configurationKey, bool secret = false) =>
        builder.AddResource(Configured(builder, name, configurationKey, secret));

    /// <summary>Adds a connection string that stands in the AppHost's configuration under ConnectionStrings.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string? environmentVariableName = null)
    {
        var parameter = new ParameterResource(name, _ => builder.Configuration.GetConnectionString(name)
            ?? throw new DistributedApplicationException(
                $"Connection string parameter resource could not be used because connection string '{name}' is missing."), secret: true);
        var expression = new ReferenceExpressionBuilder();
        expression.AppendFormatted(parameter);
        return builder.AddResource(new ConnectionStringResource(name, expression.Build(), environmentVariableName));
    }

    public static ParameterResource CreateDefaultPasswordParameter(
        IDistributedApplicationBuilder builder, string name, bool lower = true, bool upper = true, bool numeric = true, bool special = true,
        int minLower = 0, int minUpper = 0, int minNumeric = 0, int minSpecial = 0) =>
        CreateGeneratedParameter(builder, name, secret: true, new GenerateParameterDefault
        {
            MinLength = 22,
            Lower = lower,
            Upper = upper,
            Numeric = numeric,
            Special = special,
            MinLower = minLower,
            MinUpper = minUpper,
            MinNumeric = minNumeric,
            MinSpecial = minSpecial,
        });

    public static ParameterResource CreateGeneratedParameter(
        IDistributedApplicationBuilder builder, string name, bool secret, GenerateParameterDefault parameterDefault)
    {
        var parameter = Configured(builder, name, $"Parameters:{name}", secret);
        parameter.Default = builder.UserSecretsManager.IsAvailable
            ? new PersistedParameterDefault(builder.UserSecretsManager, name, parameterDefault)
            : parameterDefault;
        return parameter;
    }

    public static ParameterResource CreateParameter(IDistributedApplicationBuilder builder, string name, bool secret) =>
        Configured(builder, name, $"Parameters:{name}", secret);

    private static ParameterResource Configured(IDistributedApplicationBuilder builder, string name, string key, bool secret) =>
        new(name, parameterDefault => Read(builder.Configuration, key, parameterDefault), secret) { ConfigurationKey = key };

    // A dash cannot stand in an environment variable's name: Parameters__orders_db_password is read for orders-db-password too.
    private static string Read(ConfigurationManager configuration, string key, ParameterDefault? parameterDefault) =>
        configuration[key]
        ?? configuration[key.Replace('-', '_')]
        ?? parameterDefault?.GetDefaultValue()
        ?? throw new MissingParameterValueException(
            $"Parameter resource could not be used because configuration key '{key}' is missing and the Parameter has no default value.");
}
