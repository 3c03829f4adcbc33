package diff

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What stands for a value of a Secret: the same text where it stays the same, and two where it changes.
const (
	same   = "(hidden)"
	former = "(hidden, as it is)"
	latter = "(hidden, changed)"
)

// hide replaces the values of Secrets. Annotations count as values, since tools keep copies of the whole object there.
func hide(after, before *manifest.Object) {
	secret := false
	for _, o := range []*manifest.Object{after, before} {
		if o != nil && o.GetKind() == "Secret" {
			secret = true
			foldPlain(o)
		}
	}
	if !secret {
		return
	}
	fields := map[string]any{}
	for _, o := range []*manifest.Object{after, before} {
		if o != nil {
			maps.Copy(fields, o.Object)
		}
	}
	for field := range fields {
		if !slices.Contains(shown, field) {
			hideField(after, before, field)
		}
	}
	hideField(after, before, "metadata", "annotations")
}

// shown are the fields of a Secret that hold no values.
var shown = []string{"apiVersion", "kind", "metadata", "type", "immutable"}

// foldPlain puts what is given as plain text to the rest of the data, where the server keeps it.
func foldPlain(o *manifest.Object) {
	plain, isMap := o.Object["stringData"].(map[string]any)
	data, hasData := o.Object["data"].(map[string]any)
	if !isMap || !hasData && o.Object["data"] != nil {
		return
	}
	all := map[string]any{}
	maps.Copy(all, data)
	for key, value := range plain {
		all[key] = base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(value)))
	}
	o.Object["data"] = all
	delete(o.Object, "stringData")
}

// hideField replaces each value of a map, or all of what should be one and is not.
func hideField(after, before *manifest.Object, path ...string) {
	then, had := fieldOf(before, path)
	now, has := fieldOf(after, path)
	thenMap, wasMap := then.(map[string]any)
	nowMap, isMap := now.(map[string]any)
	if had && !wasMap || has && !isMap {
		setField(before, had, mark(then, now, had && has, former), path)
		setField(after, has, mark(then, now, had && has, latter), path)
		return
	}
	setField(before, had, marks(thenMap, nowMap, former), path)
	setField(after, has, marks(nowMap, thenMap, latter), path)
}

// marks stand for the values of a map, of which the other may have the same keys.
func marks(values, other map[string]any, changed string) any {
	out := map[string]any{}
	for key, value := range values {
		counterpart, inBoth := other[key]
		out[key] = mark(value, counterpart, inBoth, changed)
	}
	return out
}

// mark stands for a value.
func mark(value, other any, inBoth bool, changed string) string {
	if inBoth && !equal(value, other) {
		return changed
	}
	return same
}

// equal compares values, texts in base64 by what they stand for.
func equal(a, b any) bool {
	textA, isTextA := a.(string)
	textB, isTextB := b.(string)
	if isTextA && isTextB {
		bytesA, errA := base64.StdEncoding.DecodeString(textA)
		bytesB, errB := base64.StdEncoding.DecodeString(textB)
		if errA == nil && errB == nil {
			return bytes.Equal(bytesA, bytesB)
		}
	}
	return reflect.DeepEqual(a, b)
}

func fieldOf(o *manifest.Object, path []string) (any, bool) {
	if o == nil {
		return nil, false
	}
	v, found, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
	return v, found
}

func setField(o *manifest.Object, has bool, value any, path []string) {
	if has {
		_ = unstructured.SetNestedField(o.Object, value, path...) // it has the field, so its parents are maps
	}
}
