# Makes a table of what `go test -bench -benchmem ./core/graphql` prints.
!/^(Benchmark|PASS|ok|goos|goarch|pkg|cpu)/ { print }
/^cpu: / { print }
/^Benchmark/ {
	if (!titled++)
		printf "%-26s %10s %10s %7s %18s %18s\n", "", "API", "driver", "ratio", "API allocates", "driver allocates"
	split("", value)
	for (i = 3; i < NF; i += 2) value[$(i + 1)] = $i
	sub(/^Benchmark/, "", $1); sub(/-[0-9]+$/, "", $1)
	printf "%-26s %7.2f ms", $1, value["ns/op"] / 1e6
	if ("x-driver" in value)
		printf " %7.2f ms %7.2f", value["driver-ns/op"] / 1e6, value["x-driver"]
	else
		printf " %10s %7s", "", ""
	printf " %18s", allocated(value["allocs/op"], value["B/op"])
	if ("x-driver" in value)
		printf " %18s", allocated(value["driver-allocs/op"], value["driver-B/op"])
	print ""
	fflush()
}

function allocated(objects, bytes) { return sprintf("%d / %.0f kB", objects, bytes / 1000) }
