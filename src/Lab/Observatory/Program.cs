using Platform.Observatory;

await ObservatoryApp.Create(args).RunAsync();
