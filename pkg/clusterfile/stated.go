package clusterfile

import "encoding/json"

// Stated returns what the file and the flags say, as nested maps: fields that nobody has said anything of are not in it.
func (f File) Stated() (map[string]any, error) {
	text, err := json.Marshal(f.Cluster)
	if err != nil {
		return nil, err
	}
	var stated map[string]any
	if err := json.Unmarshal(text, &stated); err != nil {
		return nil, err
	}
	dropEmpty(stated)
	return stated, nil
}

// dropEmpty drops empty fields. In values of charts, which are other people's formats, an empty one may mean something.
func dropEmpty(fields map[string]any) {
	for name, value := range fields {
		switch v := value.(type) {
		case map[string]any:
			if name != "values" {
				dropEmpty(v)
			}
			if len(v) == 0 {
				delete(fields, name)
			}
		case []any:
			for _, e := range v {
				if m, isMap := e.(map[string]any); isMap {
					dropEmpty(m)
				}
			}
			if len(v) == 0 {
				delete(fields, name)
			}
		case nil:
			delete(fields, name)
		case string:
			if v == "" {
				delete(fields, name)
			}
		}
	}
}
