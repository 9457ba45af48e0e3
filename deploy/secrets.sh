#!/bin/sh
# Makes what is missing in deploy/secrets/, and never overwrites anything.
# The folder is closed to everybody else; the files in it are read by the containers' accounts.
set -eu
folder=$(dirname "$0")/secrets
mkdir -p "$folder"
chmod 700 "$folder"
echo '*' > "$folder/.gitignore"

random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }
hexadecimal() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
address() { echo "postgres://$1:$(hexadecimal)@:5432/gatehouse?host=/run/postgresql"; }
make() {
  [ -e "$folder/$1" ] && return
  printf '%s\n' "$2" > "$folder/$1.new"
  chmod 444 "$folder/$1.new"
  mv "$folder/$1.new" "$folder/$1"
  echo "made $folder/$1"
}

make secret_key "$(random 64)"
make api_key_peppers "1:$(random 32)"
make seal_key "$(random 32)"
make seal_webhook_secret "whsec_$(random 32)"
make database_superuser "$(hexadecimal)"
make database_owner_url "$(address gatehouse_owner)"
make database_url "$(address gatehouse_app)"

missing=
for name in email_url tls_certificate tls_key; do
  [ -s "$folder/$name" ] || missing="$missing $name"
done
[ -z "$missing" ] && exit
echo "Still to be put into $folder by you (mode 444):$missing" >&2
echo "email_url is one line: smtp+tls://USER:PASSWORD@mail.example.org:587" >&2
exit 1
