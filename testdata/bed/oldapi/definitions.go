// Package oldapi makes the API servers of Kubernetes 1.15 to 1.18 buildable
// outside their own repository. Their Go modules lack one generated file, the
// OpenAPI definitions; this package makes the same definitions out of the
// release's own api/openapi-spec/swagger.json, which the modules do hold.
//
// The subpackage apiserver exists only while a bed is built: it is the
// release's cmd/kube-apiserver/app with that one import pointed here.
package oldapi

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/go-openapi/spec"
	"k8s.io/kube-openapi/pkg/common"
)

// Swagger is the text of the release's swagger.json. The subpackage apiserver
// sets it before anything asks for the definitions.
var Swagger []byte

const definitionPrefix = "#/definitions/"

// KnownTypes lists the Go names of all types that the API server knows. Some
// of them, such as the options of exec and proxy, are parameters that no
// request or answer holds, so swagger.json leaves them out; the API server
// wants a definition all the same. The subpackage apiserver sets it.
var KnownTypes func() []string

var (
	once        sync.Once
	definitions map[string]common.OpenAPIDefinition
)

// GetOpenAPIDefinitions has the name and type of the generated function that
// it stands in for: it returns every definition under its Go type's name, for
// example k8s.io/api/core/v1.Pod. The references inside them are already what
// the callback would return, so the callback is not called.
func GetOpenAPIDefinitions(common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	once.Do(func() {
		var err error
		if definitions, err = parse(Swagger); err != nil {
			panic(fmt.Sprintf("OpenAPI definitions of this release: %v", err))
		}
		for _, name := range KnownTypes() {
			if _, ok := definitions[name]; !ok {
				definitions[name] = common.OpenAPIDefinition{}
			}
		}
	})
	return definitions
}

// parse reads the definitions of a swagger.json.
func parse(swagger []byte) (map[string]common.OpenAPIDefinition, error) {
	var file struct {
		Definitions map[string]json.RawMessage `json:"definitions"`
	}
	if err := json.Unmarshal(swagger, &file); err != nil {
		return nil, err
	}
	all := make(map[string]common.OpenAPIDefinition, len(file.Definitions))
	for name, raw := range file.Definitions {
		var schema spec.Schema
		if err := json.Unmarshal(raw, &schema); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		var tree interface{}
		if err := json.Unmarshal(raw, &tree); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[goName(name)] = common.OpenAPIDefinition{Schema: schema, Dependencies: dependencies(tree)}
	}
	return all, nil
}

// dependencies lists the Go names of the types that a schema refers to.
func dependencies(tree interface{}) []string {
	found := map[string]bool{}
	collect(tree, found)
	var all []string
	for name := range found {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

func collect(tree interface{}, found map[string]bool) {
	switch node := tree.(type) {
	case []interface{}:
		for _, child := range node {
			collect(child, found)
		}
	case map[string]interface{}:
		for key, child := range node {
			if ref, ok := child.(string); ok && key == "$ref" {
				found[goName(strings.TrimPrefix(ref, definitionPrefix))] = true
				continue
			}
			collect(child, found)
		}
	}
}

// goName turns the name of a definition back into the name of its Go type:
// io.k8s.api.core.v1.Pod is k8s.io/api/core/v1.Pod. The first two parts are
// the domain, reversed; the last is the type. No package of these releases
// has a dot in its path after the domain.
func goName(definition string) string {
	parts := strings.Split(definition, ".")
	if len(parts) < 4 {
		return definition
	}
	last := len(parts) - 1
	path := append([]string{parts[1] + "." + parts[0]}, parts[2:last]...)
	return strings.Join(path, "/") + "." + parts[last]
}
