package main

import (
	"context"
	"errors"
	"os"

	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

// floorVerb makes this program the floor, with a file of manifests: it is measured as a process like the others.
const floorVerb = "floor"

// floor applies a file by one PATCH for each object, eight at once, and nothing else.
func floor(ctx context.Context, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	objects, err := manifest.Parse(file, text)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	kinds := manifest.KindsOf(nil)
	errs := concurrent.Map(8, objects, func(o *manifest.Object) error { return patch(ctx, client, kinds, o) })
	return errors.Join(errs...)
}

func patch(ctx context.Context, client dynamic.Interface, kinds manifest.Kinds, o *manifest.Object) error {
	gvr, _, err := kinds.Of(o)
	if err != nil {
		return err
	}
	body, err := o.MarshalJSON()
	if err != nil {
		return err
	}
	force := true
	_, err = client.Resource(gvr).Namespace(o.GetNamespace()).Patch(ctx, o.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "floor", Force: &force})
	return err
}
