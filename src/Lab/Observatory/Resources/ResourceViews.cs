namespace Platform.Observatory.Resources;

/// <summary>The table of resources. Banner: why what is shown may be old, or nothing.</summary>
public sealed record ResourceList(
    string Summary, string BannerTitle, string Banner, string Search, IReadOnlyList<ResourceRow> Rows, int Hidden, bool WithHidden, string EmptyTitle, string EmptyText, string Token);

/// <summary>A resource, or one of several instances below it. Href is empty for what has no page of its own.</summary>
public sealed record ResourceRow(
    string Name, string Look, int Depth, bool IsInstance, int Instances, string Href, string Type, string Dot, string State, string Health, string HealthClass, TimeView Started,
    IReadOnlyList<EndpointView> Endpoints, string Source, string SourceTitle, IReadOnlyList<CommandView> Commands);

/// <summary>A moment in UTC, for the machine and for people; both empty when there is none.</summary>
public sealed record TimeView(string Iso, string Text);

/// <summary>Href is null for what a browser cannot open.</summary>
public sealed record EndpointView(string Name, string Text, string? Href);

public sealed record CommandView(string Name, string Label, string Description, bool AsksFirst, bool IsEnabled, string Href);

/// <summary>One instance with everything that is known of it.</summary>
public sealed record ResourceView(
    string Name, string DisplayName, string Look, string Type, string Dot, string State, string StateClass, string Health, string BannerTitle, string Banner, OutcomeView? Outcome,
    IReadOnlyList<InstanceView> Instances, IReadOnlyList<CommandView> Commands, IReadOnlyList<HealthView> HealthReports, IReadOnlyList<EndpointView> Endpoints,
    IReadOnlyList<ValueView> Environment, IReadOnlyList<ValueView> Properties, IReadOnlyList<RelationView> Relations, IReadOnlyList<string> Volumes, TimeView Created,
    TimeView Started, TimeView Stopped, string Href, string Token);

public sealed record InstanceView(string Name, string Href, bool IsCurrent, string Dot, string State);

public sealed record HealthView(string Key, string Dot, string Status, string Description, string Exception, TimeView LastRun);

/// <summary>Value is null while it is masked. Field names it in the form that asks for it.</summary>
public sealed record ValueView(string Name, string Field, string? Value, bool IsMaskable, bool IsSensitive);

public sealed record RelationView(string Words, string Name, string Look, string? Href);

/// <summary>What became of a command.</summary>
public sealed record OutcomeView(string Class, string Title, string Message, string Result);

public sealed record ConsoleView(
    string Name, string DisplayName, string Look, string Href, IReadOnlyList<InstanceView> Instances, IReadOnlyList<ConsoleLine> Lines, int Printed, int LastNumber, string Search,
    string Problem);

/// <summary>A form that asks before it acts, or asks for arguments.</summary>
public sealed record CommandForm(
    string Name, string Href, string Label, string Description, string Question, IReadOnlyList<ArgumentView> Arguments, string Problem, string Token, string Action);

public sealed record ArgumentView(
    string Field, string Label, string Description, string Placeholder, string Kind, bool IsRequired, bool IsDisabled, string Value, int MaxLength, bool AllowsOther,
    IReadOnlyList<KeyValuePair<string, string>> Options, string Problem);

/// <summary>The same resources as a drawing, and in words.</summary>
public sealed record GraphView(int Width, int Height, int NodeWidth, int NodeHeight, IReadOnlyList<GraphNodeView> Nodes, IReadOnlyList<GraphEdgeView> Edges, int LeftOut);

public sealed record GraphNodeView(string Name, string Look, string NodeClass, string Detail, string DetailClass, string Href, int X, int Y);

/// <summary>Path is empty for what is not drawn.</summary>
public sealed record GraphEdgeView(string From, string FromHref, string Words, string To, string ToHref, string Class, string Path);
