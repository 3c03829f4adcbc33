package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cilium/cilium/api/v1/models"
)

// decodeCilium decodes a status as far as it can be: agents of other releases have other fields, and a field that is not as
// it is now must not take the rest with it. unread names what was left out (controllers.3.configuration.interval), fields
// that are not known excepted. The error says that the text is no status at all.
func decodeCilium(text []byte) (m *models.StatusResponse, unread []string, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return nil, nil, fmt.Errorf("the status, which is no JSON object (%w)", cause(err))
	}
	kept, unread := salvage(fields, "", func(v any) error { return decode(v, new(models.StatusResponse)) })
	m = new(models.StatusResponse)
	if err := decode(kept, m); err != nil {
		return nil, nil, fmt.Errorf("the status: %w", err)
	}
	slices.Sort(unread)
	return m, unread, nil
}

func cause(err error) error {
	if err == nil {
		return fmt.Errorf("null")
	}
	return err
}

func decode(v any, into *models.StatusResponse) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// salvage returns of a value what can be decoded, and the paths of the rest. Entries of lists that are null go silently: the
// models would have nil pointers for them, which nobody who prints them expects.
func salvage(v any, path string, decodes func(any) error) (kept any, lost []string) {
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for key, field := range v {
			only := func(v any) error { return decodes(map[string]any{key: v}) }
			if some, lostThere := salvage(field, join(path, key), only); only(some) == nil {
				kept[key], lost = some, append(lost, lostThere...)
			} else {
				lost = append(lost, join(path, key))
			}
		}
		return kept, lost
	case []any:
		kept := []any{}
		for i, entry := range v {
			if entry == nil {
				continue
			}
			only := func(v any) error { return decodes([]any{v}) }
			place := fmt.Sprintf("%s.%d", path, i)
			if some, lostThere := salvage(entry, place, only); only(some) == nil {
				kept, lost = append(kept, some), append(lost, lostThere...)
			} else {
				lost = append(lost, place)
			}
		}
		return kept, lost
	}
	return v, nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
