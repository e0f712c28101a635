# Two images from one file:
#   docker build .                        HAProxy with the verifier in place
#   docker build --target token-server .  the server beside it
# Both run without root, and with a read-only root (haproxy/compose.yaml).
ARG BASE=debian:12-slim
ARG BUILD_BASE=${BASE}

# The compiled binary; its build installs Bun from npm by itself.
FROM ${BUILD_BASE} AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends bash ca-certificates nodejs npm \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json bun.lock bunfig.toml ./
COPY scripts/setup scripts/setup
RUN bash -c '. scripts/setup'
COPY . .
RUN scripts/build

FROM ${BASE} AS token-server
RUN useradd --system --user-group --uid 900 --home-dir /var/lib/haproxy-jwt \
    --shell /usr/sbin/nologin haproxy-jwt \
  && install -d -o haproxy-jwt -g haproxy-jwt -m 700 /var/lib/haproxy-jwt
COPY --from=build /src/dist/haproxy-jwt /usr/local/bin/haproxy-jwt
USER haproxy-jwt
VOLUME /var/lib/haproxy-jwt
ENV JWT_LISTEN=0.0.0.0:4000
EXPOSE 4000 4001
HEALTHCHECK --interval=5s --timeout=4s --start-period=10s --retries=3 CMD ["haproxy-jwt", "healthcheck"]
ENTRYPOINT ["haproxy-jwt"]
CMD ["serve"]

FROM ${BASE} AS haproxy
RUN apt-get update \
  && apt-get install -y --no-install-recommends haproxy lua-cjson lua-luaossl ca-certificates \
  && rm -rf /var/lib/apt/lists/*
COPY lua /usr/local/share/haproxy-jwt/lua
COPY haproxy/*.cfg /usr/local/share/haproxy-jwt/haproxy/
ENV JWT_LUA_DIR=/usr/local/share/haproxy-jwt/lua \
  JWT_FRONTEND_BIND=0.0.0.0:8080 \
  JWT_EXPORTER_BIND=0.0.0.0:8405
USER haproxy
EXPOSE 8080 8405
# SIGUSR1: finish what is under way, then end.
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=5s --timeout=2s --start-period=5s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${JWT_EXPORTER_BIND##*:} && printf 'GET /livez HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["haproxy", "-W", "-db"]
CMD ["-f", "/usr/local/share/haproxy-jwt/haproxy/haproxy.cfg", "-f", "/usr/local/share/haproxy-jwt/haproxy/exporter.cfg"]
