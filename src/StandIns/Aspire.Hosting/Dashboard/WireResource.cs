using System.Collections;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf.WellKnownTypes;

namespace Aspire.Hosting.Dashboard;

/// <summary>A resource's snapshot as dashboards read it.</summary>
internal static class WireResource
{
    public static Wire.Resource Of(ResourceEvent @event)
    {
        var snapshot = @event.Snapshot;
        var resource = new Wire.Resource
        {
            Name = @event.ResourceId,
            ResourceType = snapshot.ResourceType,
            DisplayName = @event.Resource.Name,
            Uid = @event.ResourceId,
            CreatedAt = Time(snapshot.CreationTimeStamp),
            StartedAt = Time(snapshot.StartTimeStamp),
            StoppedAt = Time(snapshot.StopTimeStamp),
            IsHidden = snapshot.IsHidden,
        };
        if (snapshot.State is { } state)
        {
            resource.State = state.Text;
            if (state.Style is not null)
            {
                resource.StateStyle = state.Style;
            }
        }

        if (snapshot.IconName is not null)
        {
            resource.IconName = snapshot.IconName;
            resource.IconVariant = WireCommand.Of(snapshot.IconVariant ?? IconVariant.Regular);
        }

        resource.Environment.AddRange(snapshot.EnvironmentVariables.Select(Of));
        resource.Commands.AddRange(snapshot.Commands.Select(WireCommand.Of));
        resource.Properties.AddRange(snapshot.Properties.Select(p =>
            new Wire.ResourceProperty { Name = p.Name, Value = ToValue(p.Value), IsSensitive = p.IsSensitive }));
        resource.Urls.AddRange(snapshot.Urls.Select(Of));
        resource.Volumes.AddRange(snapshot.Volumes.Select(v =>
            new Wire.Volume { Source = v.Source ?? "", Target = v.Target, MountType = v.MountType, IsReadOnly = v.IsReadOnly }));
        resource.HealthReports.AddRange(snapshot.HealthReports.Select(Of));
        resource.Relationships.AddRange(snapshot.Relationships.Select(r => new Wire.ResourceRelationship { ResourceName = r.ResourceName, Type = r.Type }));
        return resource;
    }

    private static Wire.EnvironmentVariable Of(EnvironmentVariableSnapshot variable)
    {
        var wire = new Wire.EnvironmentVariable { Name = variable.Name, IsFromSpec = variable.IsFromSpec };
        if (variable.Value is not null)
        {
            wire.Value = variable.Value;
        }

        return wire;
    }

    private static Wire.Url Of(UrlSnapshot url)
    {
        var wire = new Wire.Url
        {
            FullUrl = url.Url,
            IsInternal = url.IsInternal,
            IsInactive = url.IsInactive,
            DisplayProperties = new Wire.UrlDisplayProperties { DisplayName = url.DisplayProperties.DisplayName, SortOrder = url.DisplayProperties.SortOrder },
        };
        if (url.Name is not null)
        {
            wire.EndpointName = url.Name;
        }

        return wire;
    }

    private static Wire.HealthReport Of(HealthReportSnapshot report)
    {
        var wire = new Wire.HealthReport
        {
            Key = report.Name,
            Description = report.Description ?? "",
            Exception = report.ExceptionText ?? "",
            LastRunAt = Time(report.LastRunAt),
        };
        if (report.Status is { } status)
        {
            wire.Status = status switch
            {
                Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy => Wire.HealthStatus.Healthy,
                Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Degraded => Wire.HealthStatus.Degraded,
                _ => Wire.HealthStatus.Unhealthy,
            };
        }

        return wire;
    }

    private static Timestamp? Time(DateTime? time) => time is { } value ? Timestamp.FromDateTime(value.ToUniversalTime()) : null;

    private static Value ToValue(object? value) => value switch
    {
        null => Value.ForNull(),
        string text => Value.ForString(text),
        bool truth => Value.ForBool(truth),
        byte or short or int or long or float or double or decimal => Value.ForNumber(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        DateTime time => Value.ForString(time.ToString("O", CultureInfo.InvariantCulture)),
        IEnumerable items => Value.ForList([.. items.Cast<object?>().Select(ToValue)]),
        _ => Value.ForString(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""),
    };
}
