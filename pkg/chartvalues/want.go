package chartvalues

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// want says in words what a schema admits: "a whole number from 1 to 1000". Faults and the documentation share it.
func want(s *jsonschema.Schema) string {
	s = deref(s)
	if s == nil {
		return "another value"
	}
	types := typesOf(s)
	switch {
	case len(s.AnyOf) > 0:
		var all []string
		for _, alternative := range s.AnyOf {
			all = append(all, want(alternative))
		}
		return strings.Join(all, " or ")
	case s.Enum != nil:
		return "one of " + strings.Join(words(s), ", ")
	case s.MaxLength != nil && *s.MaxLength == 0:
		return `""`
	case s.Title != "" && len(s.Examples) > 0:
		return fmt.Sprintf("%s, such as %v", s.Title, s.Examples[0])
	case s.Format != nil:
		return formats[s.Format.Name].text
	case slices.Contains(types, "integer"):
		return "a whole number" + between(s.Minimum, s.Maximum)
	case slices.Contains(types, "boolean"):
		return "true or false"
	case slices.Contains(types, "array"):
		return "a list" + counted(s.MinItems, s.MaxItems) + each(s.Items2020)
	case slices.Contains(types, "object"):
		return "a mapping" + each(valuesOf(s))
	case len(s.Examples) > 0:
		return fmt.Sprintf("a string such as %v", s.Examples[0])
	}
	return "a string"
}

// remedy is the advice for a value that a schema does not admit.
func remedy(found any, s *jsonschema.Schema) string {
	s = deref(s)
	word, isWord := found.(string)
	if found == nil {
		return "remove the line to keep the default, or give " + want(s)
	}
	if isWord && s != nil && s.Enum != nil {
		return strictyaml.Suggest(word, words(s))
	}
	return "give " + want(s)
}

// typesOf returns the types that a schema names.
func typesOf(s *jsonschema.Schema) []string {
	if s.Types == nil {
		return nil
	}
	return s.Types.ToStrings()
}

func words(s *jsonschema.Schema) []string {
	var all []string
	for _, value := range s.Enum.Values {
		all = append(all, fmt.Sprint(value))
	}
	return all
}

// valuesOf is the schema of the values of a mapping whose keys have a pattern.
func valuesOf(s *jsonschema.Schema) *jsonschema.Schema {
	for _, p := range s.PatternProperties {
		return p
	}
	return nil
}

func each(s *jsonschema.Schema) string {
	if s == nil {
		return ""
	}
	return ", each " + want(s)
}

func between(least, most *big.Rat) string {
	switch {
	case least != nil && most != nil:
		return fmt.Sprintf(" from %s to %s", least.RatString(), most.RatString())
	case least != nil:
		return fmt.Sprintf(" of at least %s", least.RatString())
	}
	return ""
}

func counted(least, most *int) string {
	switch {
	case least != nil && most != nil:
		return fmt.Sprintf(" of %d to %d", *least, *most)
	case least != nil:
		return fmt.Sprintf(" of at least %d", *least)
	}
	return ""
}

// describe is a found value in a sentence.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", strictyaml.Clip(v))
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	}
	return strictyaml.Clip(fmt.Sprint(value))
}

func described(list []any) string {
	if len(list) == 0 {
		return "an empty list"
	}
	return fmt.Sprintf("a list of %d", len(list))
}

// describeType is a found value in a sentence about its type.
func describeType(value any) string {
	switch value.(type) {
	case string:
		return "the string " + describe(value)
	case bool:
		return "the boolean " + describe(value)
	case nil, []any, map[string]any:
		return describe(value)
	}
	return "the number " + describe(value)
}
