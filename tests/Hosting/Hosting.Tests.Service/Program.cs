// A project of the AppHost's that does nothing.
await Task.Delay(Timeout.Infinite);
