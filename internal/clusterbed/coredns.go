//go:build linux

package clusterbed

import (
	"context"
	"io"
	"path/filepath"
	"time"
)

// CoreDNSVersion is the version of the program that CoreDNS makes: that of testdata/clusterbed/coredns-all.
const CoreDNSVersion = "1.14.2"

// CoreDNS makes a CoreDNS with the plugins that Corefiles name, if the cache lacks it, and returns the program.
func CoreDNS(ctx context.Context, log io.Writer) (string, error) {
	const folder = "coredns-all"
	built, err := makeAll(ctx, []recipe{{folder: folder, targets: ".", ldflags: stripped, cpu: 5 * time.Minute}}, log)
	if err != nil {
		return "", err
	}
	return filepath.Join(built[folder], folder), nil
}
