"""Generated of sdk/pluginpb/*.proto, by generate.sh there."""
