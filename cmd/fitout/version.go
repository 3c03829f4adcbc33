package main

import (
	"runtime/debug"

	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// release is the version that a release build sets with -ldflags -X main.release=v1.2.3.
var release string

// version is the release, or what the build knows of the source that it was made from.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}

func versionCommand(streams genericiooptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of fitout", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { printable.Fprintln(streams.Out, "fitout", version()) },
	}
}
