package bed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	recordFile = "bed.json"
	lockFile   = "lock"
	// outputFile takes the output of a detached bed's own process.
	outputFile = "bed.log"
)

// disposable is what a bed writes into its folder and the next one replaces.
var disposable = []string{"pki", "conf", "logs", "etcd", "kubeconfig", "egress.yaml", recordFile}

// claim makes the folder ready for a bed: it belongs to this process until
// release is called or the process ends, and nothing of an earlier bed is in
// it. A folder with other things in it is refused.
func claim(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := onlyBed(dir); err != nil {
		return nil, err
	}
	release, free, err := tryLock(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, err
	}
	if !free {
		return nil, errInUse(dir)
	}
	for _, name := range disposable {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			release()
			return nil, err
		}
	}
	return release, nil
}

// onlyBed refuses a folder that holds what no bed has put there.
func onlyBed(dir string) error {
	known := map[string]bool{lockFile: true, outputFile: true}
	for _, name := range disposable {
		known[name] = true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var foreign []string
	for _, entry := range entries {
		if !known[entry.Name()] {
			foreign = append(foreign, entry.Name())
		}
	}
	if len(foreign) > 0 {
		return fmt.Errorf("%s holds other things (%s): a bed wants a folder of its own", dir, strings.Join(foreign, ", "))
	}
	return nil
}

func errInUse(dir string) error {
	return fmt.Errorf("another bed runs in %s: stop it or choose another folder", dir)
}
