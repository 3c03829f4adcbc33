package golden_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/golden"
)

// A repository with cluster files keeps what they get: the first comparison has everything to write, the second nothing.
func Example() {
	dir, err := os.MkdirTemp("", "golden")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		log.Fatal(err)
	}
	files, err := golden.Files("testdata/clusters/*.yaml")
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		folder, err := golden.Open(filepath.Join(dir, "golden"))
		if err != nil {
			log.Fatal(err)
		}
		comparison, err := folder.Compare(golden.Clusters(catalogue, files))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(comparison.Text())
		if err := folder.Write(comparison); err != nil {
			log.Fatal(err)
		}
		folder.Close()
	}
	// Output:
	// 2 clusters: 2 new
	// new: testdata/clusters/large, testdata/clusters/small
	// 2 clusters: nothing differs
}
