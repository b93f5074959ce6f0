# Not yet built: no container runtime where this was written.
#
# One image for every process: `tandem agent`, `tandem gateway`, `tandem controller`. Runs as a user without a name,
# with a read-only root file system; state goes to /var/lib/tandem, a volume.

FROM node:24-bookworm AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node tools/setup.mjs --no-envoy && node tools/build.mjs
# The image brings its own Node 24.
RUN npm prune --omit=dev && rm -rf node_modules/node node_modules/.bin

FROM envoyproxy/envoy:distroless-v1.40.0 AS envoy

FROM node:24-bookworm-slim
RUN mkdir -p /var/lib/tandem && chown 65532:65532 /var/lib/tandem
COPY --from=envoy /usr/local/bin/envoy /usr/local/bin/envoy
WORKDIR /opt/tandem
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/bin ./bin
COPY --from=build /build/dist ./dist
COPY --from=build /build/node_modules ./node_modules
ENV NODE_ENV=production TANDEM_ENVOY=/usr/local/bin/envoy
USER 65532:65532
VOLUME /var/lib/tandem
# Nothing outside the volume is written, so that `readOnlyRootFilesystem: true` and `docker run --read-only` work.
ENTRYPOINT ["node", "/opt/tandem/bin/tandem.js"]
