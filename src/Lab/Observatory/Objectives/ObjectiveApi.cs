namespace Platform.Observatory.Objectives;

/// <summary>The API of objectives: GET /api/objectives.</summary>
internal static class ObjectiveApi
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(
            "/api/objectives",
            (ObjectiveSources sources) =>
                TypedResults.Ok(
                    new
                    {
                        Objectives = sources.States.Select(state => new
                        {
                            state.Objective.Name,
                            state.Objective.Title,
                            state.Objective.Impact,
                            TargetPercent = state.Objective.Target,
                            state.Kept,
                            state.BudgetLeft,
                            state.Burn,
                            GoneInSeconds = state.GoneIn?.TotalSeconds,
                            state.Since,
                            Do = state.BudgetLeft is { } left ? sources.LevelOf(left)?.Do : null,
                        }),
                        sources.Problem,
                        sources.Away,
                    }
                )
        );
}
