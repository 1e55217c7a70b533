namespace Platform.Observatory.Pages;

/// <summary>One step on the way from symptom to cause; it keeps the context.</summary>
public sealed record TrailStep(string Kind, string Text, string Href, bool IsCurrent = false);
