// Package bundles embeds the bundles: a file for each Kubernetes minor.
package bundles

import "embed"

// FS holds the files.
//
//go:embed *.yaml
var FS embed.FS
