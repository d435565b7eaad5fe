module kubound.dev/fields

go 1.24
