using Platform.Traffic;

await using var app = TrafficApp.Create(args, static _ => { });
await app.RunAsync();
