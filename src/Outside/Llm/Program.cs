using Platform.Llm;

await using var app = LlmApp.Create(args, static _ => { });
await app.RunAsync();
