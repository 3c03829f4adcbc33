// Command apisnapshot writes the API snapshots of pkg/kubeapi: it starts the real API server of each minor, reads its
// OpenAPI, and packs what a validator needs of it.
//
//	go run ./testdata/apisnapshot 1.18 1.36
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

const folder = "pkg/kubeapi/snapshots"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./testdata/apisnapshot MINOR...")
		os.Exit(2)
	}
	for _, minor := range os.Args[1:] {
		if err := write(context.Background(), minor); err != nil {
			fmt.Fprintf(os.Stderr, "apisnapshot: %s: %v\n", minor, err)
			os.Exit(1)
		}
	}
}

func write(ctx context.Context, minor string) error {
	b, err := bed.Start(ctx, bed.Options{Minor: minor, Log: os.Stderr})
	if err != nil {
		return err
	}
	defer b.Stop()
	body, err := openAPI(ctx, b.Kubeconfig())
	if err != nil {
		return err
	}
	snapshot, err := kubeapi.FromOpenAPI(b.Version(), body)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	if err := snapshot.Write(&packed); err != nil {
		return err
	}
	file := filepath.Join(folder, minor+".json.gz")
	fmt.Printf("%s: %d kinds, %d types, %d bytes\n", file, len(snapshot.Kinds), len(snapshot.Types), packed.Len())
	return os.WriteFile(file, packed.Bytes(), 0o644)
}

func openAPI(ctx context.Context, kubeconfig string) ([]byte, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.GroupVersion = &schema.GroupVersion{}
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, err
	}
	body, err := client.Get().AbsPath("/openapi/v2").SetHeader("Accept", "application/json").DoRaw(ctx)
	if err == nil && !json.Valid(body) {
		err = fmt.Errorf("/openapi/v2 is no JSON")
	}
	return body, err
}
